#!/bin/sh
# Prints the name of the first container runtime here that can start a container, and ends with 1 where none can: a program or a socket
# that lies about proves nothing. It is asked to run an image with nothing in it. To answer that the program in it is missing (127), it has
# to get as far as starting one.
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
