"""The worker's endpoint on RunPod, made and kept as runpod_config.json describes it: `python -m deploy --help`.

config.py    what runpod_config.json says, checked before anything is sent
api.py       one request to RunPod and its answer: key, timeouts, retries, errors
answers.py   what is read of RunPod's answers
secrets.py   what keeps the key out of all that is printed
endpoint.py  which request makes the endpoint as described, and whether what came is what was asked for
demo.py      the demo photos as a job, and whether the answer is within their margins
"""
