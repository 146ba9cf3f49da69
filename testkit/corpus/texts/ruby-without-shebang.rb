require 'set'
puts 1
