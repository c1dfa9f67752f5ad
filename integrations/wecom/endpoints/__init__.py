"""The endpoints by subject: each file has the shapes, limits and calls of one chapter of WeCom's pages."""
