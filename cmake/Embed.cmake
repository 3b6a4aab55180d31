# Turns FILE into OUT, a .cc with one function FUNCTION (declared in HEADER, namespace NAMESPACE) that gives its content. A
# string literal has a length limit in the standard; pieces of it joined by the compiler are fine for g++ and clang.
file(READ ${FILE} content)
string(LENGTH "${content}" length)
set(pieces "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${content}" ${at} 8000 piece)
  string(APPEND pieces "R\"~~~~(${piece})~~~~\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE ${OUT} "#include \"${HEADER}\"\nnamespace ${NAMESPACE} {\nstd::string_view ${FUNCTION}() {\n  return ${pieces};\n}\n}  // namespace ${NAMESPACE}\n")
