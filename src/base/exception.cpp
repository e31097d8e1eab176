#include "base/exception.h"

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

namespace quiver {

Error error_of_current_exception() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return Error{Code::kOutOfMemory, "Out of memory"};
  } catch (const std::length_error&) {
    // Where addresses have 32 bits a container may hold half of what they reach.
    return Error{Code::kOutOfMemory, "Out of memory: more than 2 GiB were asked for at once"};
  } catch (const std::exception& exception) {
    return Error{Code::kInternal, std::string("unexpected exception: ") + exception.what()};
  } catch (...) {
    return Error{Code::kInternal, "unexpected exception of unknown type"};
  }
}

}  // namespace quiver
