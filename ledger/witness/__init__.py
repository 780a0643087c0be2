"""A witness: signs another's log only if it goes on from what the witness saw of it before."""
