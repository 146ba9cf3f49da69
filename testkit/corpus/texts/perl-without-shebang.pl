use strict;
print 1;
