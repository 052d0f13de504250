# Sources and libraries of src/model and src/engine. Included by src/CMakeLists.txt.
