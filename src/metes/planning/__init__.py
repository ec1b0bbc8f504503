"""The use cases of plans: drafts made and changed, checked, published."""
