"""Distributions and tests that `scipy.special` does not give: p-values of shares, of sums and of several means at once.

Tails of the normal, gamma, t and F distributions come from `scipy.special`, exact to 1e-9 or better. Importing all of
it makes a cold check half as long again: 0.27 s without and 0.43 s with it on an idle machine. The limit was 0.6 s. The
package of the function app grows by 114 MB.

Own formulas of tails were approximations: Student's t within 0.05 of a normal value, the gamma within 1 %. They were
worst far out, where evidence over time needs them.

`driftloop.stats.special` loads its compiled functions alone, in a fortieth of that time.

Never `scipy.stats`: importing it takes another second, and nothing here needs it.
"""
