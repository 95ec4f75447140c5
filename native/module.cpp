// The Python module `answerable._native`: what Python can't do fast enough, and nothing else.
#include <nanobind/nanobind.h>

#include "index.h"
#include "pdq.h"

NB_MODULE(_native, module) {
    module.doc() = "Native cores: exact search over 256-bit hashes, and the PDQ kernel.";
    answerable::bind_index(module);
    answerable::pdq::bind_pdq(module);
}
