"""`techo bench ternary`: the ternary backbone beside the Q4_1 one and an F16 one of the same weights.

    contenders.py  which files are compared; makes the F16 one
    floats.py      any GGUF file to F16
    corpora.py     the held-out texts and tasks
    worker.py      the child process: one model, one job
    jobs.py        starts it
    rapl.py        joules, where the processor counts them
    quality.py     perplexity, reasoning, told-fact recall
    talk.py        degenerate loops, repetition, the page of sample dialogues
    operations.py  additions and multiplications a token, and what they cost
    report.py      the table
    run.py         all of it, in order

Every model is measured in child processes of its own, so that no other's memory or caches are in the way. Speeds are
measured in rounds that take the models in turn, so that a machine that slows down slows all of them.
"""
