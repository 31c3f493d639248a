package rulebook
