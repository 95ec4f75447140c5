#pragma once

#include <nanobind/nanobind.h>

namespace answerable {

// Adds what `answerable.matching.index` is made of to the module.
void bind_index(nanobind::module_& module);

}  // namespace answerable
