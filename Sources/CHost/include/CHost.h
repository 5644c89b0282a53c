#include "blocks.h"
#include "openbeneath.h"
#include "process.h"
#include "sandbox.h"
