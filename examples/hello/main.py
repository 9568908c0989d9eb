import platform

print(f"Hello from Python {platform.python_version()}, in an image that Strata has built.")
