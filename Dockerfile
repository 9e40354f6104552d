# A machine that has what ./ksm needs, for all its subcommands (packages.txt), always in the same versions:
#
#   docker build -t ksm .
#   docker run --rm -it -v "$PWD:/ksm" ksm ./ksm run
#
# podman takes the same words.  .devcontainer/ opens it in an editor.
FROM debian:bookworm-20250520-slim

# The packages of the base image's own day; another mirror can be given, without the promise of the same versions.
ARG MIRROR=http://snapshot.debian.org/archive/debian/20250520T000000Z
RUN rm -f /etc/apt/sources.list.d/debian.sources \
    && echo "deb [check-valid-until=no] $MIRROR bookworm main" >/etc/apt/sources.list \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        binutils \
        ca-certificates \
        chromium \
        clang \
        clang-format \
        clang-tidy \
        codespell \
        cppcheck \
        flake8 \
        gcc \
        gcc-i686-linux-gnu \
        gcovr \
        gdb \
        git \
        grub-common \
        grub-efi-amd64-bin \
        grub-pc-bin \
        libc6-dev \
        libclang-rt-dev \
        lld \
        llvm \
        make \
        mandoc \
        mtools \
        nodejs \
        npm \
        ovmf \
        pandoc \
        python3 \
        python3-pyte \
        qemu-system-x86 \
        shellcheck \
        sparse \
        spin \
        weasyprint \
        xorriso \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /ksm
CMD ["./ksm", "run"]
