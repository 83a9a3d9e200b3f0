"""An independent second implementation of the decision model, to hold the service against.

It is written from the pages of the design alone (the decision model, the terminology, the list of products):
plain, slow and obvious. Nothing here imports `service`, except `compare`, which asks it for its answer.
"""
