// nanobind's own library, compiled once beside ours: its package ships it as one source file.
#include <nb_combined.cpp>
