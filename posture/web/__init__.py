"""The local endpoint: RunPod's addresses on this machine, over the same worker as there or over a deployed endpoint.

The page at / stands beside it (pages.py, page/): files without a build step, which ask these addresses.
"""
