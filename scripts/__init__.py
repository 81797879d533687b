"""What the Makefile and build_and_deploy.sh call."""
