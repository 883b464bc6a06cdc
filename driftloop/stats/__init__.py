"""Distributions and tests that `scipy.special` does not give: p-values of shares, of sums and of several means at once.

Tails of the normal, gamma, t and F distributions come from `scipy.special`, exact to 1e-9 or better. Importing it costs
a cold check about as much again as half of it. Measured in turns on a busy machine: 0.62 s without and 0.96 s with it.
On an idle one that is 0.27 and about 0.43 s; the limit was 0.6 s. The package of the function app grows by 114 MB.

Tails written by hand were approximations: Student's t within 0.05 of a normal value, the gamma within 1 %. They were
worst far out, where evidence over time needs them.

`driftloop.stats.special` imports it without two subpackages of numpy that it has no use for: 0.36 s of the processor
become 0.26 (nine pairs on a busy machine, each faster).

Never `scipy.stats`: importing it takes another second, and nothing here needs it.
"""
