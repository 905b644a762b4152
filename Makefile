PYTHON ?= python3
RUN = .venv/bin/python -m companion

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 10

env:  ## build the locked environment in .venv, if it is not there; EXTRAS="nets cluster book" adds what training, real runs and the book need
	@$(PYTHON) lib/companion/environment.py $(if $(EXTRAS),--add $(EXTRAS))

figures: env  ## execute the notebooks that are not up to date, and build figures/
	@$(RUN) figures

test: env  ## check the notebooks' outputs, and run the unit, property and statistical tests
	@$(RUN) test

lab: env  ## open JupyterLab at the first notebook; saving keeps notebook and text in step
	@$(RUN) lab

book:  ## build the site of notebooks, claims and reference: build/book/html/index.html (Sphinx in .venv-book, unless .venv has it; npm once)
	@test -x .venv/bin/sphinx-build || $(PYTHON) lib/companion/environment.py book
	@$$(test -x .venv/bin/sphinx-build && echo .venv || echo .venv-book)/bin/python -m companion book

claims: env  ## print the verdict of every claim
	@.venv/bin/stalegrad claims

train:  ## train at full length, for notebooks run with profile=paper (an hour or two; goes on where it was stopped; needs EXTRAS=nets)
	@$(PYTHON) lib/companion/environment.py --add nets
	@$(RUN) with env -u TQDM_DISABLE .venv/bin/python -m stalegrad.nets.experiments paper

bench:  ## measure speed beside NumPy, JAX, diffrax and torchsde (installs these in .venv-bench)
	@$(PYTHON) lib/companion/environment.py bench
	@.venv-bench/bin/python -m companion with .venv-bench/bin/python -m benchmarks

verify: env  ## run the long statistical suite, with fresh seeds
	@$(RUN) with .venv/bin/python -m pytest tests/verify

lint:  ## check style (ruff, in .venv-dev) and that notebooks and texts are in step
	@$(PYTHON) lib/companion/environment.py dev
	@.venv-dev/bin/ruff check . && .venv-dev/bin/ruff format --check . && .venv-dev/bin/python -m companion pair --check

accept: env  ## for authors: refresh committed outputs, manifest, evidence and pages, and show what changed
	@$(RUN) accept

clean:  ## remove what the commands above made, but for the environments
	@rm -rf build .pytest_cache .hypothesis .ruff_cache && mkdir -p figures && find figures -type f ! -name MANIFEST.json -delete
	@find lib tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help env figures test lab book claims train bench verify lint accept clean
