#!/usr/bin/env bash
# Runs Cyclops on a GPU host that has a driver and little else: no Node, no Vulkan loader, no network.
#
#   ./run.sh COMMAND…        any command of cyclops: doctor, train, verify, …
#   ./run.sh exec PROGRAM…   a program that finds `cyclops` and `node` on its PATH and Cyclops's files in $CYCLOPS_ROOT
#
# Unpacks once, into $CYCLOPS_HOST_DIR or the temporary folder, and then says on standard error what the device offers.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
loader=/lib64/ld-linux-x86-64.so.2

fail() {
  echo "run.sh: $*" >&2
  exit 1
}

[ $# -gt 0 ] || fail 'give a command, such as: ./run.sh doctor'
[ -e $loader ] || fail "expected a 64-bit x86 Linux with glibc; there is no $loader"
archives=("$here"/cyclops-*.tar.xz)
[ -f "${archives[0]}" ] || fail "expected one cyclops-*.tar.xz beside this script in $here; pack it again with npm run pack:gpu-host"
[ ${#archives[@]} = 1 ] || fail "there are several archives in $here; keep the newest"

base=${CYCLOPS_HOST_DIR:-${TMPDIR:-/tmp}}
name=${archives[0]##*/}
kit=$base/${name%.tar.xz}-$(id -u)
# In a folder for everybody, anybody may have put a link there, and what it leads to would be run.
[ ! -L "$kit" ] || fail "$kit is a link; remove it, or set CYCLOPS_HOST_DIR to a folder of your own"
fresh=
if [ ! -d "$kit" ]; then
  fresh=yes
  mkdir -p "$base" && partial=$(mktemp -d "$kit.partial.XXXXXX") || fail "cannot write to $base; set CYCLOPS_HOST_DIR to a folder with 150 MB free"
  trap 'rm -rf "$partial"' EXIT
  $loader --library-path "$here/xz" "$here/xz/xz" -dc "${archives[0]}" | tar -x --no-same-owner -C "$partial" ||
    fail "unpacking into $base failed; set CYCLOPS_HOST_DIR to a folder with 150 MB free"
  # Another run may have been faster.
  [ -d "$kit" ] || mv "$partial" "$kit"
  rm -rf "$partial"
  trap - EXIT
fi
[ ! -L "$kit" ] && [ -O "$kit" ] || fail "$kit belongs to someone else; set CYCLOPS_HOST_DIR to a folder of your own"

# The host's own libraries fit its driver: the kit stands in only for those that it lacks.
known=$({ ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null || true)
has() {
  local folder
  case $known in *"$1 ("*) return ;; esac
  for folder in {,/usr}/lib{64,/x86_64-linux-gnu}; do
    [ ! -e "$folder/$1" ] || return 0
  done
  return 1
}
for library in "$kit"/lib/*; do
  soname=${library##*/}
  if has "$soname"; then rm -f "$kit/standin/$soname"; else ln -sf "../lib/$soname" "$kit/standin/$soname"; fi
done
driver=/usr/local/nvidia
export LD_LIBRARY_PATH="$kit/standin:$driver/lib64:$driver/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export PATH="$kit/bin:$PATH"
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}
export CYCLOPS_ROOT=$kit/cyclops

# Vulkan's loader looks for drivers in /etc and /usr/share by itself, and what it finds there of NVIDIA names
# libGLX_nvidia.so.0, which on a host without a display refuses to start for want of other libraries. The same driver
# behind libEGL_nvidia.so.0 needs none.
if [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}${VK_ADD_DRIVER_FILES:-}" ]; then
  shopt -s nullglob
  library=libEGL_nvidia.so.0
  there=("$driver"/lib*/$library)
  if has $library || [ ${#there[@]} -gt 0 ]; then
    echo '{"file_format_version":"1.0.0","ICD":{"library_path":"'$library'","api_version":"1.3.0"}}' >"$kit/nvidia_icd.json"
    found=("$kit/nvidia_icd.json")
    for file in "$driver"/share/vulkan/icd.d/*.json {/etc,/usr/share,/usr/local/share}/vulkan/icd.d/*.json; do
      case ${file##*/} in *nvidia*) ;; *) found+=("$file") ;; esac
    done
    VK_DRIVER_FILES=$(IFS=:; echo "${found[*]}")
    export VK_DRIVER_FILES
  fi
fi

if [ -n "$fresh" ] && [ "$1" != doctor ]; then cyclops doctor >&2 || true; fi
if [ "$1" = exec ]; then
  shift
  exec "$@"
fi
exec cyclops "$@"
