class A { int two() { return 2; } }
