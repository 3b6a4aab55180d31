# Writes OUT (a .cc) with the git revision of ROOT, only when it changed: run at each build, costs a compile per commit.
execute_process(COMMAND git -C ${ROOT} describe --always --dirty --abbrev=12 --exclude=*
                OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(revision unknown)
endif()
set(text "#include \"cli/revision.h\"

namespace baton::cli {
std::string_view Revision() { return \"${revision}\"; }
}  // namespace baton::cli
")
set(before "")
if(EXISTS ${OUT})
  file(READ ${OUT} before)
endif()
if(NOT text STREQUAL before)
  file(WRITE ${OUT} "${text}")
endif()
