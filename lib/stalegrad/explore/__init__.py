"""Explorers: the closed forms of stability maps, trajectories and delays with sliders, as pages without a kernel and as widgets.

`forms` collects the expressions from the theory, `settings` says what can be moved and how far, `javascript` prints both for the
pages in `docs/book/interactive`, `pictures` draws the same with matplotlib, `widgets` puts sliders to that.
"""
