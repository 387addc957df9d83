"""Schedule: the clock that starts plans. Plans in our tables are the truth; this only looks at them."""
