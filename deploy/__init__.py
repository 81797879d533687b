"""The worker's endpoint on RunPod, made and kept as runpod_config.json describes it: `python -m deploy --help`.

config.py     what runpod_config.json says, checked before anything is sent
api.py        one request to RunPod and its answer: key, timeouts, retries, errors
answers.py    what is read of RunPod's answers
rehearsal.py  what stands in for them in a dry run without a key
secrets.py    what keeps the key out of all that is printed
endpoint.py   which request makes the endpoint as described, and whether what came is what was asked for
jobs.py       a job at the endpoint's queue, and why it failed
demo.py       the demo photos, and whether the answer to them is within their margins
"""
