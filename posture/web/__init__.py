"""The local endpoint: RunPod's addresses on this machine, over the same worker as there or over a deployed endpoint.

A page that measures in a browser would stand beside it, as static files that `application` mounts at /.
"""
