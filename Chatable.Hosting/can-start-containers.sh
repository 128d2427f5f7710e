#!/bin/sh
# Prints the name of the first container runtime on this machine that can start a container; exits with 1 if none can. That its program
# or socket exists proves nothing, so this runs an empty image: a runtime that gets as far as starting it says that the program in it is
# missing (exit code 127).
limited() { if command -v timeout >/dev/null; then timeout 15 "$@"; else "$@"; fi; }

for runtime in ${ASPIRE_CONTAINER_RUNTIME:-docker podman}; do
    command -v "$runtime" >/dev/null || continue
    tar -cf - -T /dev/null | limited "$runtime" import - chatable-empty >/dev/null 2>&1 || continue
    limited "$runtime" run --rm --network none chatable-empty /none >/dev/null 2>&1
    if [ $? = 127 ]; then
        printf '%s\n' "$runtime"
        exit 0
    fi
done
exit 1
