"""`journeys doctor`: looks at every setting and at everything around, and says how to mend what is wrong.

It changes nothing. The one thing that it may leave behind is WeCom's access token, or the memory of a refused
secret, in the tables where every process of ours keeps them.
"""
