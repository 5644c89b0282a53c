#include "blocks.h"
#include "openbeneath.h"
