"""Stand-ins for WeCom and a till, over real HTTP, with the rules of docs' WeCom contract and fault buttons."""
