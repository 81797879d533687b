"""The RunPod worker. RunPod's SDK is known to runpod_handler.py, and to sdk.py, which mends it."""
