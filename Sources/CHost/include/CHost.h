#include "openbeneath.h"
