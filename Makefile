# Each target's line of help stands behind its name.
REPLICAS ?= 3
PORT ?= 8080
CONFIGURATION ?= Debug
CONTAINERS ?= /var/lib/chatable/containers
RESULTS := artifacts/test-results/$(CONFIGURATION)
empty :=
space := $(empty) $(empty)
filter-names = $(if $(FILTER),(FullyQualifiedName~$(subst $(space),|FullyQualifiedName~,$(strip $(FILTER)))))
except-names = $(if $(EXCEPT),FullyQualifiedName!~$(subst $(space),&FullyQualifiedName!~,$(strip $(EXCEPT))))
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

.DEFAULT_GOAL := help
.PHONY: help check-numbers local dlq images test test-containers screenshots faults faults-quick fault-bugs bench build format clean clean-data servers test-servers install uninstall

help: ## Say what there is (this)
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-15s %s\n", $$1, $$2 }'
	@echo
	@echo '  make local REPLICAS=3 PORT=8080     how many API servers, and their common port'
	@echo '  make dlq ARGS="replay 3 1441-0"     list, show, replay, replay --all or discard'
	@echo '  make test FILTER="Topology Delivery" only tests whose full name contains one of these, EXCEPT="…" none of them;'
	@echo '                                      CONFIGURATION=Release for what ships'
	@echo '  make bench QUICK=1                  in minutes, not to be quoted; BENCH="--only window-16 --rounds 5", BENCH=--help for the rest'
	@echo '  make faults CLASS=F1,F9 SECONDS=20  only these classes of faults, so long each; SEED=7 repeats a run, MINUTES=10 is for F35'
	@echo '  make images REGISTRY=host/path      push them there; otherwise archives in ARCHIVE=artifacts/images'
	@echo '  make images BASE=host/aspnet:10.0   on another base than Microsoft'"'"'s chiselled one; PLATFORMS="linux-x64 linux-arm64", VERSION=1.2.3'
	@echo '  make test-containers CONTAINERS=…   the folder for its images and settings ($(CONTAINERS))'

# Told before anything is installed or built.
check-numbers:
	@case '$(REPLICAS)' in ''|*[!0-9]*) echo "REPLICAS must be a whole number from 1 to 100, but is '$(REPLICAS)'." >&2; exit 2;; esac
	@case '$(PORT)' in ''|*[!0-9]*) echo "PORT must be a whole number from 0 to 65535, but is '$(PORT)'." >&2; exit 2;; esac

# The profile 'https' needs a developer certificate, which a fresh machine has not.
local: check-numbers servers build ## Run everything on this machine: PostgreSQL, Redis, migrations, API servers, worker
	dotnet run --launch-profile http --project Chatable.AppHost -c $(CONFIGURATION) --no-build -- --Api:Replicas=$(REPLICAS) --Api:Port=$(PORT)

# The command on the resource "fanout" of the running topology, as in the dashboard.
dlq: ## List the dead letters of a running 'make local', or do what ARGS says
	@dotnet tool restore >/dev/null
	@set -- $(or $(ARGS),list); action=$$1; shift; \
	if [ "$${1:-}" = --all ]; then action="$$action --all"; shift; fi; \
	dotnet aspire resource fanout dead-letters --nologo --non-interactive --apphost Chatable.AppHost -- \
		--action "$$action" $${1:+--partition "$$1"} $${2:+--id "$$2"}

test: test-servers build ## Run all tests, on real PostgreSQL and Redis
	@rm -rf $(RESULTS)
	dotnet test Chatable.Tests -c $(CONFIGURATION) --no-build --results-directory $(RESULTS) --logger 'trx;LogFileName=tests.trx' \
		--blame-hang-timeout 10m --blame-hang-dump-type none \
		$(if $(FILTER)$(EXCEPT),--filter '$(filter-names)$(if $(FILTER),$(if $(EXCEPT),&))$(except-names)')

# Made with what the SDK brings, without a container runtime.
images: ## Build the container images of the API, the worker and the migrations, for linux/amd64 and linux/arm64
	@REGISTRY='$(REGISTRY)' ARCHIVE='$(ARCHIVE)' BASE='$(BASE)' PLATFORMS='$(PLATFORMS)' VERSION='$(VERSION)' SOURCE='$(SOURCE)' eng/images.sh

# They build the images, start them by themselves, under the AppHost and by compose, and upgrade what runs. Root only.
test-containers: test-servers build ## Prepare podman on this machine (Debian, root) and run the tests that start containers
	@eng/containers.sh '$(CONTAINERS)'
	. '$(CONTAINERS)/env.sh' && Chatable.Tests/bin/$(CONFIGURATION)/net10.0/Chatable.Tests -explicit only -namespace Chatable.Tests.Containers \
		$(if $(FILTER),-method '*$(FILTER)*')

# On a Release build, which is what ships.
faults: test-servers ## Prove the delivery promise: every class of faults, on clusters of processes
	@eng/fault-tools.sh
	dotnet build Chatable.sln -c Release
	FAULTS_COMMIT='$(shell git describe --always --dirty 2>/dev/null)' \
	FAULTS_CLASS='$(CLASS)' FAULTS_SECONDS='$(SECONDS)' FAULTS_MINUTES='$(MINUTES)' FAULTS_SEED='$(SEED)' \
		Chatable.Tests/bin/Release/net10.0/Chatable.Tests -explicit only -class Chatable.Tests.Faults.FaultClassTests

screenshots: test-servers build ## Renew the pictures of the documentation, which tests in a browser take
	Chatable.Tests/bin/$(CONFIGURATION)/net10.0/Chatable.Tests -namespace Chatable.Tests.Dashboard
	@mkdir -p docs/images
	cp artifacts/screenshots/*.png docs/images/

faults-quick: test-servers ## Five classes of faults on one cluster, a few seconds each
	dotnet build Chatable.sln -c Release
	Chatable.Tests/bin/Release/net10.0/Chatable.Tests -class Chatable.Tests.Faults.FaultSelectionTests

fault-bugs: test-servers ## Prove the proof: seeded bugs, each of which it must find
	dotnet build Chatable.sln -c Release
	FAULTS_BUG='$(BUG)' Chatable.Tests/bin/Release/net10.0/Chatable.Tests -explicit only -class Chatable.Tests.Faults.SeededBugTests

# As it is deployed: a Release build. The project refers to the services it starts, so that they are built with it.
bench: test-servers ## Measure it beside SignalR and a bare relay; the report is in artifacts/bench
	dotnet build Chatable.Bench -c Release
	dotnet Chatable.Bench/bin/Release/net10.0/Chatable.Bench.dll run $(if $(QUICK),--quick) $(BENCH)

build: ## Build everything; a warning is an error
	dotnet build Chatable.sln -c $(CONFIGURATION)

format: ## Format the code as .editorconfig says
	dotnet format Chatable.sln

clean: ## Delete what was built
	dotnet clean Chatable.sln -c $(CONFIGURATION) -v quiet
	rm -rf artifacts

clean-data: ## Delete what 'make local' keeps between runs: all users and messages
	@eng/clean-data.sh

servers: ## Install PostgreSQL and Redis where they are missing and no container runtime works
	@eng/servers.sh

test-servers: ## Install PostgreSQL, Redis and Chromium where they are missing, for the tests
	@eng/servers.sh --tests

install: ## Install Release builds of the services with units for systemd, below PREFIX (/usr/local)
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' eng/install.sh

uninstall: ## Remove what 'make install' laid down, but for the settings
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' eng/install.sh --uninstall
