"""What follows from the facts: pure folds, and questions on what they fold into.

Nothing here allows, refuses or records anything, and nothing here touches a host. Each projection is a fold
first; where it is kept step by step, a test says that the steps equal the whole.
"""
