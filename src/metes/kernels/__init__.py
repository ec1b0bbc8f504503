"""Arrays in, arrays out: the home of compiled loops. Knows no noun of Metes."""
