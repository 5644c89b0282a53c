#include "martlet_postgres.h"
