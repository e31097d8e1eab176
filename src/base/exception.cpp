#include "base/exception.h"

#include <exception>
#include <new>
#include <string>

namespace quiver {

Error error_of_current_exception() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return Error{Code::kOutOfMemory, "out of memory"};
  } catch (const std::exception& exception) {
    return Error{Code::kInternal, std::string("unexpected exception: ") + exception.what()};
  } catch (...) {
    return Error{Code::kInternal, "unexpected exception of unknown type"};
  }
}

}  // namespace quiver
