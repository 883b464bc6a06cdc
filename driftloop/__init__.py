"""Driftloop's engine: has the data moved, and should the model be trained anew?"""
