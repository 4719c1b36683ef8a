"""How each step is done. Spark and numpy; never luigi. Each job runs by itself: python -m jobs clean --help"""
