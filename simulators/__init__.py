"""Stand-ins for WeCom and a till, over real HTTP, with the rules of the WeCom contract and fault buttons."""
