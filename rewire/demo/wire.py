def on_the_wire(*a):
    pass
