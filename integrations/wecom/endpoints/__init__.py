"""The endpoints by subject: each file has the shapes, the limits and the calls of one chapter of WeCom's pages."""
