UNITS += loader
loader-srcs := guest/loader.c guest/filekind.c guest/errline.c
