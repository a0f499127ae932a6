# Everything a person or a robot does with this project. The work itself is in scripts/.
#
#   PG_CONFIG=/path/to/pg_config   which PostgreSQL (15 to 18) to build for
#   DESTDIR=/some/root             where `make install` puts files, for packages
#   CARGO_TARGET_DIR=/some/dir     where builds and logs go instead of target/

PG_CONFIG ?= pg_config
export PG_CONFIG DESTDIR

help:
	@echo 'make demo          see it work, with an invented Chorus tenant and a throw-away server'
	@echo 'make test          everything: unit tests, server tests, installcheck; leaves no server behind'
	@echo 'make build         the extension, for the PostgreSQL of PG_CONFIG'
	@echo 'make install       puts it into that PostgreSQL (DESTDIR is honoured)'
	@echo 'make uninstall     takes it out again'
	@echo 'make installcheck  regression tests against the running server of PGHOST and PGPORT'
	@echo 'make stage         a private copy of PostgreSQL with the extension; prints its bin directory'
	@echo 'make bench         benchmarks'
	@echo 'make lint          formatting and clippy'
	@echo 'make dist          an optimised build as target/dist/*.tar.gz'
	@echo 'make clean         removes all of the above, but nothing that was installed'

build:
	@scripts/build.sh

install: build
	@scripts/install.sh

uninstall:
	@scripts/install.sh --remove

installcheck:
	@scripts/installcheck.sh

stage: build
	@scripts/pg-cron.sh
	@scripts/stage.sh

test demo bench lint dist clean:
	@scripts/$@.sh

.PHONY: help build install uninstall installcheck stage test demo bench lint dist clean
