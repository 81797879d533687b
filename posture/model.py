"""The models' command line: python -m posture.model fetch"""

from posture.models.files import main

if __name__ == "__main__":
    main()
