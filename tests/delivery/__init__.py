"""How posts and answers leave us: the pace of requests, and who is served when."""
