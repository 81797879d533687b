"""The RunPod worker without RunPod's SDK, which only runpod_handler.py knows."""
