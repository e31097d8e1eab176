# The target `quiver`: build/wasm/quiver.mjs and quiver.wasm. Exports are the functions that wasm/*.cpp marks with
# EMSCRIPTEN_KEEPALIVE; imports are the functions of wasm/host_library.js.

file(GLOB_RECURSE wasm_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/wasm/*.cpp")
if(NOT wasm_sources)
  message(FATAL_ERROR "wasm/ holds no .cpp file: there is no module to build.")
endif()

add_executable(quiver ${wasm_sources})
set_target_properties(quiver PROPERTIES SUFFIX ".mjs")
target_link_libraries(quiver PRIVATE quiver_core)
target_include_directories(quiver PRIVATE wasm)

set(host_library "${CMAKE_CURRENT_SOURCE_DIR}/wasm/host_library.js")
if(EXISTS "${host_library}")
  target_link_options(quiver PRIVATE "SHELL:--js-library \"${host_library}\"")
  set_property(TARGET quiver APPEND PROPERTY LINK_DEPENDS "${host_library}")
endif()

target_link_options(quiver PRIVATE
  --no-entry
  -sMODULARIZE
  -sEXPORT_ES6
  -sEXPORT_NAME=createQuiverModule
  -sALLOW_MEMORY_GROWTH
  -sMAXIMUM_MEMORY=4GB
  -sSTACK_SIZE=1MB
  -sFILESYSTEM=0
  -sSTRICT
  -sDYNAMIC_EXECUTION=0
  -sMALLOC=emmalloc
  -sENVIRONMENT=web,worker
  -sINCOMING_MODULE_JS_API=wasmBinary,locateFile,instantiateWasm,print,printErr
  -sEXPORTED_RUNTIME_METHODS=HEAPU8
  $<$<CONFIG:Debug>:-sASSERTIONS=1>
  $<$<NOT:$<CONFIG:Debug>>:-Oz>
  $<$<NOT:$<CONFIG:Debug>>:-sASSERTIONS=0>)
