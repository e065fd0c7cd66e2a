"""What upstream published: releases, their files and what the files say."""
