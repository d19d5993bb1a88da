"""rewire"""
